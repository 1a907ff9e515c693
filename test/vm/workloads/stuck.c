/*
 * stuck: a process that cannot die at once, by what one of its threads waits for. It takes mib=N of anonymous and
 * shared=N of shared memory (shmem: no reaper frees it), then does one of
 *
 *   write=PATH   a thread rewrites the file: uninterruptible once its file system is frozen
 *   direct=PATH  a thread reads the device with O_DIRECT: uninterruptible once it is suspended
 *   mmap=PATH    a file of mutefs: one thread waits for ever for a page of it, a second one in mmap(2) for the first,
 *                with mmap_lock held for write
 *   dump=1       a segmentation fault: core dump
 *   leader=exit  the first thread exits, a second one takes rate=MiB/s more, up to target=MiB if that is given
 *
 * nothing given: it sleeps. Prints "ready" when all memory is there and the threads are on their way.
 */
#include "common.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

static const char *path;
static long rate, target;

static char *take(long size, int sharing)
{
	if (size == 0) return NULL;
	char *p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) { perror("mmap"); exit(1); }
	for (long i = 0; i < size; i += PAGE) p[i] = 1;
	return p;
}

static int open_path(int flags)
{
	int fd = open(path, flags, 0600);
	if (fd < 0) { perror(path); exit(1); }
	return fd;
}

static void *write_on(void *unused)
{
	static char block[PAGE];
	int fd = open_path(O_WRONLY | O_CREAT);
	while (pwrite(fd, block, sizeof block, 0) > 0) sleep_ms(1);
	return unused;
}

static void *read_direct(void *unused)
{
	static char block[PAGE] __attribute__((aligned(PAGE)));
	int fd = open_path(O_RDONLY | O_DIRECT);
	while (pread(fd, block, sizeof block, 0) > 0) sleep_ms(1);
	return unused;
}

static void *read_page(void *fd)
{
	static char block[PAGE];
	if (read((int)(intptr_t)fd, block, sizeof block) < 0) perror("read");
	return NULL;
}

static void *map_page(void *fd)
{
	sleep_ms(500); /* the page is locked by then */
	if (mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, (int)(intptr_t)fd, 0) == MAP_FAILED) perror("mmap");
	return NULL;
}

static void *grow(void *unused)
{
	for (long long begin = now_us(), taken = 0;; sleep_ms(5))
		for (; taken < (now_us() - begin) * rate && (!target || taken < target); taken += MIB) take(MIB, MAP_PRIVATE);
	return unused;
}

static void start(void *(*body)(void *), void *arg)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, body, arg)) exit(1);
}

int main(int argc, char **argv)
{
	rate = arg_number(argc, argv, "rate", 0);
	target = arg_number(argc, argv, "target", 0) * MIB;
	take(arg_number(argc, argv, "mib", 0) * MIB, MAP_PRIVATE);
	take(arg_number(argc, argv, "shared", 0) * MIB, MAP_SHARED);
	if ((path = arg_text(argc, argv, "write", NULL))) start(write_on, NULL);
	else if ((path = arg_text(argc, argv, "direct", NULL))) start(read_direct, NULL);
	else if ((path = arg_text(argc, argv, "mmap", NULL))) {
		/* mutefs gives the second opener direct I/O: mmap(2) then drops the cached page first, and waits for it. */
		void *cached = (void *)(intptr_t)open_path(O_RDONLY), *direct = (void *)(intptr_t)open_path(O_RDONLY);
		start(read_page, cached);
		start(map_page, direct);
	} else if (*arg_text(argc, argv, "leader", "")) start(grow, NULL);
	if (write(1, "ready\n", 6) < 0) return 1;
	if (*arg_text(argc, argv, "leader", "")) pthread_exit(NULL);
	if (arg_number(argc, argv, "dump", 0)) {
		struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
		setrlimit(RLIMIT_CORE, &all);
		raise(SIGSEGV);
	}
	for (;;) pause();
}
