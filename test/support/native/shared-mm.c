/*
 * Two processes with one address space: clone(CLONE_VM) without CLONE_THREAD (kernel-facts 3.2). The first one prints its
 * pid and that of the other. It reads a byte, then exits, unless it is killed; both end with its parent or stdin.
 *
 *   shared-mm MIB
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static char stack[1 << 16] __attribute__((aligned(16)));

static int other(void *unused)
{
	char byte;
	(void)unused;
	/* stdin is shared: its end ends this one as well. */
	while (read(0, &byte, 1) > 0)
		;
	_exit(0);
}

int main(int count, char **words)
{
	size_t bytes = count > 1 ? strtoul(words[1], NULL, 10) << 20 : 0;
	char *memory = malloc(bytes);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(memory, 1, bytes);
	__asm__ volatile("" : : "r"(memory) : "memory");
	pid_t pid = clone(other, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
	printf("%d %d\n", getpid(), pid);
	fflush(stdout);
	for (;;)
		pause();
}
