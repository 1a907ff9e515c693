/*
 * heap: threads=N threads that write to random pages of mib=N anonymous memory, as a heap is used: what does not fit in
 * RAM is swapped out and in again. burst=N touches, then a sleep of pause=MS. Half of each page is random, so that
 * compressed swap keeps about half of it. Prints "ready" when all of it has been written once.
 */
#include "common.h"
#include <pthread.h>
#include <sys/mman.h>

static char *map;
static long pages, pause_ms, burst;

static void *touch(void *arg)
{
	uint64_t seed = 0x9e3779b97f4a7c15ull * (uint64_t)(uintptr_t)arg;
	for (;;) {
		for (long i = 0; i < burst; i++) map[(long)(next_random(&seed) % (uint64_t)pages) * PAGE]++;
		sleep_ms(pause_ms);
	}
	return NULL;
}

static void fill(uint64_t seed)
{
	uint64_t *word = (uint64_t *)map;
	for (long page = 0; page < pages; page++, word += PAGE / sizeof *word)
		for (size_t i = 0; i < PAGE / sizeof *word / 2; i++) word[i] = next_random(&seed);
}

int main(int argc, char **argv)
{
	long size = arg_number(argc, argv, "mib", 100) * MIB, threads = arg_number(argc, argv, "threads", 4);
	pages = size / PAGE;
	burst = arg_number(argc, argv, "burst", 16);
	pause_ms = arg_number(argc, argv, "pause", 10);
	map = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED) { perror("mmap"); return 1; }
	fill((uint64_t)getpid() * 0x9e3779b97f4a7c15ull);
	if (write(1, "ready\n", 6) < 0) return 4;
	pthread_t thread;
	for (long i = 1; i < threads; i++) pthread_create(&thread, NULL, touch, (void *)(uintptr_t)(i + 1));
	touch((void *)(uintptr_t)1);
}
