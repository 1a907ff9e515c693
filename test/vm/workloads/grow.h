/* Taking memory: start=MiB at once, then, wait=MS later, rate=MiB/s more (0: none) up to target=MiB more (0: for ever). */
#ifndef VM_GROW_H
#define VM_GROW_H
#include "common.h"
#include <sys/mman.h>

/* Allocates by mmap(2) alone, so that a child of vfork(2) may call it. */
static inline void take(long bytes)
{
	char *p = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) return;
	for (long i = 0; i < bytes; i += PAGE) p[i] = 1;
}

/* Prints "ready" once start= is there, and does not return. */
static inline void grow(int argc, char **argv)
{
	long rate = arg_number(argc, argv, "rate", 0) * MIB, target = arg_number(argc, argv, "target", 0) * MIB;
	long step = 256 * 1024, taken = 0;
	take(arg_number(argc, argv, "start", 0) * MIB);
	if (write(1, "ready\n", 6) < 0) _exit(4);
	sleep_ms(arg_number(argc, argv, "wait", 0));
	for (long long begin = now_us(); rate > 0 && (target == 0 || taken < target); taken += step) {
		take(step);
		while ((now_us() - begin) * (rate / 1000000.0) < (double)taken) sleep_ms(5);
	}
	for (;;) pause();
}
#endif
