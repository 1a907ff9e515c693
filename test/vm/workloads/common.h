/* Small things every workload needs: the clock, key=value arguments, touching memory at a rate. */
#ifndef VM_COMMON_H
#define VM_COMMON_H
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MIB (1024L * 1024L)
#define PAGE 4096L

static inline long long now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static inline void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
	nanosleep(&ts, NULL);
}

/* The text after "name=" among the arguments, or what is given for its absence. */
static inline const char *arg_text(int argc, char **argv, const char *name, const char *absent)
{
	size_t n = strlen(name);
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=') return argv[i] + n + 1;
	return absent;
}

static inline long arg_number(int argc, char **argv, const char *name, long absent)
{
	const char *text = arg_text(argc, argv, name, NULL);
	return text ? strtol(text, NULL, 10) : absent;
}

static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}
#endif
