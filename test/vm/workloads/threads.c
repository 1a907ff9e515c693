/* threads: a process of threads=N that all sleep, for what is done to each thread (the freezer). Memory as in grow.h. */
#include "grow.h"
#include <pthread.h>

static void *sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;) pause();
}

int main(int argc, char **argv)
{
	pthread_t thread;
	for (long i = arg_number(argc, argv, "threads", 4); i > 1; i--) pthread_create(&thread, NULL, sleep_for_ever, NULL);
	grow(argc, argv);
}
