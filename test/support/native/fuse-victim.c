/*
 * A process that no SIGKILL ends: its second thread waits for a FUSE server, this program, that never answers. All in a
 * mount namespace of its own; the end of the server ends the connection and with it the victim.
 *
 *   fuse-victim FOLDER MIB read   the thread reads a file past the page cache: it waits without any lock
 *   fuse-victim FOLDER MIB map    it maps over a dirty mapping of the file: it waits with mmap_lock held for write
 *
 * Prints "PID MINOR" of the victim and of the file system when the thread is stuck. Ends with its stdin or its parent.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 4096

static char path[512];
static int maps;

static void *stuck(void *unused)
{
	int fd = open(path, O_RDWR);
	if (fd < 0)
		_exit(5);
	if (maps) {
		char *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (page == MAP_FAILED)
			_exit(6);
		page[0] = 1;
		/* The old mapping is closed with mmap_lock held: fuse_vma_close writes the page and waits. */
		mmap(page, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	} else {
		char byte;
		if (read(fd, &byte, 1) < 0)
			_exit(7);
	}
	return unused;
}

static void victim(size_t mib)
{
	pthread_t thread;
	char *memory = malloc(mib << 20);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(memory, 1, mib << 20);
	__asm__ volatile("" : : "r"(memory) : "memory");
	pthread_create(&thread, NULL, stuck, NULL);
	for (;;)
		pause();
}

static void answer(int fuse, const struct fuse_in_header *request, const void *data, size_t length, int error)
{
	struct fuse_out_header header = {.len = sizeof header + length, .error = -error, .unique = request->unique};
	struct iovec parts[2] = {{&header, sizeof header}, {(void *)data, length}};
	if (writev(fuse, parts, length == 0 ? 1 : 2) < 0)
		perror("writev");
}

static struct fuse_attr attributes(unsigned long node)
{
	struct fuse_attr attr = {.ino = node, .nlink = 1, .blksize = SIZE};
	attr.mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0666;
	attr.size = node == 1 ? 0 : SIZE;
	return attr;
}

/* Whether the request is one that is never answered. */
static int serve(int fuse, const struct fuse_in_header *request)
{
	static const char zeros[SIZE];
	struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = SIZE, .max_readahead = SIZE};
	struct fuse_attr_out attr = {.attr_valid = 3600, .attr = attributes(request->nodeid)};
	struct fuse_entry_out entry = {.nodeid = 2, .entry_valid = 3600, .attr_valid = 3600, .attr = attributes(2)};
	struct fuse_open_out opened = {.fh = 1, .open_flags = maps ? 0 : FOPEN_DIRECT_IO};
	switch (request->opcode) {
	case FUSE_INIT:
		answer(fuse, request, &init, sizeof init, 0);
		return 0;
	case FUSE_GETATTR:
		answer(fuse, request, &attr, sizeof attr, 0);
		return 0;
	case FUSE_LOOKUP:
		answer(fuse, request, &entry, sizeof entry, 0);
		return 0;
	case FUSE_OPEN:
		answer(fuse, request, &opened, sizeof opened, 0);
		return 0;
	case FUSE_READ:
		if (!maps)
			return 1;
		answer(fuse, request, zeros, SIZE, 0);
		return 0;
	case FUSE_WRITE:
		return 1;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return 0;
	default:
		answer(fuse, request, NULL, 0, 38);
		return 0;
	}
}

int main(int count, char **words)
{
	char options[128];
	static char buffer[1 << 17];
	if (count != 4)
		return 64;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	maps = strcmp(words[3], "map") == 0;
	snprintf(path, sizeof path, "%s/file", words[1]);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 2;
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (fuse < 0 || mount("test", words[1], "fuse.test", 0, options) < 0)
		return 3;
	pid_t pid = fork();
	if (pid == 0) {
		/* With the server's descriptor open here as well, its end would not end the connection. */
		close(fuse);
		victim(strtoul(words[2], NULL, 10));
	}
	struct pollfd both[2] = {{fuse, POLLIN, 0}, {0, POLLIN, 0}};
	unsigned int minor_number = 0;
	FILE *mounts = fopen("/proc/self/mountinfo", "r");
	while (fgets(buffer, sizeof buffer, mounts) != NULL)
		if (strstr(buffer, " fuse.test ") != NULL)
			sscanf(buffer, "%*s %*s %*u:%u", &minor_number);
	fclose(mounts);
	for (;;) {
		poll(both, 2, -1);
		if (both[1].revents != 0)
			break;
		if (read(fuse, buffer, sizeof buffer) < 0)
			continue;
		if (serve(fuse, (struct fuse_in_header *)buffer)) {
			printf("%d %u\n", pid, minor_number);
			fflush(stdout);
		}
	}
	kill(pid, SIGKILL);
	close(fuse);
	waitpid(pid, NULL, 0);
	return 0;
}
