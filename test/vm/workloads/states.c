/*
 * states: how the threads of the process called name=NAME are, from the moment it has threads=N of them: every=MS a line
 * "us stalled running", stalled being those in D or with PF_MEMALLOC (0x800). Locked in memory, through descriptors that
 * stay open, so that it says so in any thrash. It ends with the process.
 */
#include "common.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>

enum { MAX = 256 };

static char text[1024];

static ssize_t slurp(int fd)
{
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = 0;
	return n;
}

static int is_called(const char *pid, const char *name)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
	int fd = open(path, O_RDONLY);
	if (fd < 0) return 0;
	ssize_t n = slurp(fd);
	close(fd);
	if (n > 0) text[n - 1] = 0;
	return n > 0 && strcmp(text, name) == 0;
}

/* Opens stat of every thread of the process; their number, 0 when it has fewer than `least`. */
static int open_all(const char *pid, int least, int *fds)
{
	char path[96];
	int count = 0;
	snprintf(path, sizeof path, "/proc/%.20s/task", pid);
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && count < MAX && (entry = readdir(dir));) {
		snprintf(path, sizeof path, "/proc/%.20s/task/%.20s/stat", pid, entry->d_name);
		if (entry->d_name[0] != '.' && (fds[count] = open(path, O_RDONLY)) >= 0) count++;
	}
	if (dir) closedir(dir);
	if (count >= least) return count;
	while (count > 0) close(fds[--count]);
	return 0;
}

static int find(const char *name, int least, int *fds)
{
	int count = 0;
	DIR *dir = opendir("/proc");
	for (struct dirent *entry; dir && count == 0 && (entry = readdir(dir));)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_called(entry->d_name, name))
			count = open_all(entry->d_name, least, fds);
	if (dir) closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	static int fds[MAX];
	long every = arg_number(argc, argv, "every", 500);
	int count = 0, least = (int)arg_number(argc, argv, "threads", 1);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	while ((count = find(arg_text(argc, argv, "name", ""), least, fds)) == 0) sleep_ms(20);
	for (;; sleep_ms(every)) {
		int stalled = 0, running = 0, alive = 0;
		for (int i = 0; i < count; i++) {
			if (slurp(fds[i]) <= 0) continue;
			char *after = strrchr(text, ')');
			char state = 0;
			unsigned flags = 0;
			if (!after || sscanf(after, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2) continue;
			alive++;
			if (state == 'D' || flags & 0x800) stalled++;
			else if (state == 'R') running++;
		}
		if (alive == 0) return 0;
		printf("%lld %d %d\n", now_us(), stalled, running);
		fflush(stdout);
	}
}
