/*
 * generations: alive=N children that live life=MS each and are followed by the next: with a small kernel.pid_max the
 * number of a process that has gone belongs to another one soon.
 */
#include "common.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	long alive = arg_number(argc, argv, "alive", 50), life = arg_number(argc, argv, "life", 200);
	for (long n = 0;; n++) {
		if (n >= alive) wait(NULL);
		pid_t pid = fork();
		if (pid < 0) { n--; sleep_ms(1); continue; }
		if (pid == 0) {
			prctl(PR_SET_NAME, "generation");
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			/* Spread over the time, or all of a generation would begin and end at once. */
			sleep_ms(n < alive ? life * (n + 1) / alive : life);
			_exit(0);
		}
	}
}
