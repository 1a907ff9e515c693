/*
 * leak: takes anonymous memory. start=MiB at once, a rest of pause=ms, then rate=MiB/s (0 = as fast as it can), target=MiB to stop at and sleep (0 = never stop),
 * ignore-term=1, adj=N for oom_score_adj, comm=NAME with \n and \t understood (hostile names), chunk=KiB a step.
 */
#include "common.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static void set_comm(const char *text)
{
	char name[64];
	size_t n = 0;
	for (; *text && n < sizeof name - 1; text++) {
		if (text[0] == '\\' && text[1] == 'n') { name[n++] = '\n'; text++; }
		else if (text[0] == '\\' && text[1] == 't') { name[n++] = '\t'; text++; }
		else name[n++] = *text;
	}
	name[n] = 0;
	prctl(PR_SET_NAME, name);
}

int main(int argc, char **argv)
{
	long rate = arg_number(argc, argv, "rate", 0) * MIB, target = arg_number(argc, argv, "target", 0) * MIB;
	long start = arg_number(argc, argv, "start", 0) * MIB;
	long rest = arg_number(argc, argv, "pause", 0);
	long chunk = arg_number(argc, argv, "chunk", 256) * 1024;
	if (arg_number(argc, argv, "ignore-term", 0)) signal(SIGTERM, SIG_IGN);
	const char *adj = arg_text(argc, argv, "adj", NULL), *comm = arg_text(argc, argv, "comm", NULL);
	if (comm) set_comm(comm);
	if (adj) {
		FILE *f = fopen("/proc/self/oom_score_adj", "w");
		if (!f || fputs(adj, f) < 0 || fclose(f)) return 3;
	}
	long taken = 0;
	long long begin = now_us();
	while (target == 0 || taken < target) {
		char *p = mmap(NULL, (size_t)chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED) { sleep_ms(10); continue; }
		for (long i = 0; i < chunk; i += PAGE) p[i] = 1;
		taken += chunk;
		if (taken <= start) {
			if (taken == start && rest > 0) sleep_ms(rest);
			begin = now_us();
			continue;
		}
		/* Sleep only when ahead of the rate, so that a stall is caught up with. */
		if (rate > 0)
			while ((now_us() - begin) * (rate / 1000000.0) < (double)(taken - start)) sleep_ms(5);
	}
	for (;;) pause();
}
