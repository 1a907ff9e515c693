/*
 * thrash: threads=N threads that read random pages of a mapped file, as services run their mapped code and data.
 * file=PATH mib=N of it are used; once they do not fit in the page cache that is left, every touch is a refault.
 * The pages are mapped executable (exec=0: not), because the kernel activates pages of code at their first use: only
 * then does the thrash reach the active list, where the code of everybody else is. burst=N touches, then a sleep of
 * pause=MS: work that is light as long as its pages are there, so that the guest is calm again once they are.
 * random=1 turns read-around off (MADV_RANDOM).
 */
#include "common.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

static const volatile char *map;
static long pages, pause_ms, burst;

static void *touch(void *arg)
{
	uint64_t seed = 0x9e3779b97f4a7c15ull * (uint64_t)(uintptr_t)arg;
	for (;;) {
		for (long i = 0; i < burst; i++) (void)map[(long)(next_random(&seed) % (uint64_t)pages) * PAGE];
		sleep_ms(pause_ms);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long size = arg_number(argc, argv, "mib", 200) * MIB, threads = arg_number(argc, argv, "threads", 4);
	pages = size / PAGE;
	burst = arg_number(argc, argv, "burst", 16);
	pause_ms = arg_number(argc, argv, "pause", 10);
	int fd = open(arg_text(argc, argv, "file", "/data/workset"), O_RDONLY);
	int protection = PROT_READ | (arg_number(argc, argv, "exec", 1) ? PROT_EXEC : 0);
	map = mmap(NULL, (size_t)size, protection, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) { perror("mmap"); return 1; }
	if (arg_number(argc, argv, "random", 0)) madvise((void *)map, (size_t)size, MADV_RANDOM);
	pthread_t thread;
	for (long i = 1; i < threads; i++) pthread_create(&thread, NULL, touch, (void *)(uintptr_t)(i + 1));
	touch((void *)(uintptr_t)1);
}
