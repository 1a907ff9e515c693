/*
 * Processes that are related by their memory. Prints all pids in one line, its own first; all of them end with stdin.
 *
 *   family pair MIB         two by clone(CLONE_VM), without CLONE_THREAD
 *   family vfork MIB        a vfork(2) child that does not exec, with the parent waiting for it
 *   family vexec MIB        the same, and on a byte from stdin the child calls exec (of itself, as "workers 0")
 *   family workers MIB N    N children by fork(2), each with memory of its own
 *   family exiting MIB N    N children that have exited and are not reaped
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
static const char *program;

static void hold(size_t mib)
{
	char *memory = malloc(mib << 20);
	if (memory == NULL)
		_exit(4);
	memset(memory, 1, mib << 20);
	/* Nobody reads it: without this the compiler leaves all of it out. */
	__asm__ volatile("" : : "r"(memory) : "memory");
}

static void until_end(void)
{
	char byte;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(0, &byte, 1) > 0)
		;
	_exit(0);
}

static int sharer(void *unused)
{
	(void)unused;
	until_end();
	return 0;
}

static void tell(pid_t other)
{
	char line[32];
	int length = snprintf(line, sizeof line, " %d", other);
	if (write(1, line, length) != length)
		_exit(3);
}

static void end_line(void)
{
	if (write(1, "\n", 1) != 1)
		_exit(3);
}

int main(int count, char **words)
{
	const char *kind = count > 1 ? words[1] : "";
	size_t mib = count > 2 ? strtoul(words[2], NULL, 10) : 0;
	int children = count > 3 ? atoi(words[3]) : 0;
	char byte;

	program = words[0];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tell(getpid());
	hold(mib);
	if (strcmp(kind, "pair") == 0)
		tell(clone(sharer, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL));
	else if (kind[0] == 'v') {
		if (vfork() == 0) {
			tell(getpid());
			end_line();
			if (strcmp(kind, "vexec") == 0 && read(0, &byte, 1) == 1)
				execl(program, program, "workers", "0", (char *)NULL);
			until_end();
		}
		until_end();
	}
	while (children-- > 0) {
		pid_t pid = fork();
		if (pid == 0) {
			if (strcmp(kind, "exiting") == 0)
				_exit(0);
			hold(1);
			until_end();
		}
		tell(pid);
	}
	end_line();
	until_end();
}
