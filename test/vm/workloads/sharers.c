/*
 * sharers: two processes with one address space, "sharers" and its child "sharer". how=clone: clone(CLONE_VM) without
 * CLONE_THREAD; the parent grows. adj=N: oom_score_adj of both. how=vfork: the parent waits in vfork(2) for ever, the child grows. cgroup=PATH: the
 * child moves there. Memory as in grow.h.
 */
#include "grow.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

static char stack[64 * 1024] __attribute__((aligned(16)));
static const char *cgroup;

static void become_child(void)
{
	prctl(PR_SET_NAME, "sharer");
	if (!cgroup) return;
	int fd = open(cgroup, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) < 0) _exit(3);
	close(fd);
}

static int wait_for_ever(void *arg)
{
	(void)arg;
	become_child();
	for (;;) pause();
}

int main(int argc, char **argv)
{
	static char path[256];
	const char *group = arg_text(argc, argv, "cgroup", NULL);
	if (group) {
		snprintf(path, sizeof path, "%s/cgroup.procs", group);
		cgroup = path;
	}
	const char *adj = arg_text(argc, argv, "adj", NULL);
	if (adj) {
		FILE *f = fopen("/proc/self/oom_score_adj", "w");
		if (!f || fputs(adj, f) < 0 || fclose(f)) return 4;
	}
	if (strcmp(arg_text(argc, argv, "how", "clone"), "vfork") == 0) {
		if (vfork() == 0) { become_child(); grow(argc, argv); }
		return 5; /* the child has died, so this was no hang */
	}
	if (clone(wait_for_ever, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL) < 0) return 2;
	grow(argc, argv);
}
