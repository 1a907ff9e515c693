/* churn: rate=N children a second that start and end at once: process ids that vanish while somebody looks. */
#include "common.h"
#include <sys/wait.h>

int main(int argc, char **argv)
{
	long rate = arg_number(argc, argv, "rate", 100);
	long long begin = now_us();
	for (long done = 0;; done++) {
		pid_t pid = fork();
		if (pid == 0) _exit(0);
		if (pid > 0) waitpid(pid, NULL, 0);
		while ((now_us() - begin) * rate / 1000000 < done) sleep_ms(2);
	}
}
