/*
 * A process that a test looks at. It obeys one command a line on stdin and answers each with a line; it ends with its
 * stdin or its parent. Three threads: the one whose turn it is reads the commands, so that the leader can exit alone.
 *
 *   hold MIB     touch so much memory        name HEX     call itself so (PR_SET_NAME)
 *   adj N        own oom_score_adj           groups N     N supplementary groups (needs CAP_SETGID)
 *   exec PATH    become another program      zombie       a child that exits and is not reaped; answers its pid
 *   leave        this thread exits, the next one reads (the first to leave is the leader)
 *   deaf         ignore SIGTERM              spin N       N threads that keep this one's CPU busy
 *   rest N       N threads that sleep
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define THREADS 3

static sem_t turn[THREADS];
static int reading;

static void answer(const char *text)
{
	char line[64];
	int length = snprintf(line, sizeof line, "%s\n", text);
	if (write(1, line, length) != length)
		_exit(3);
}

static void hold(size_t mib)
{
	char *memory = malloc(mib << 20);
	if (memory == NULL)
		_exit(4);
	memset(memory, 1, mib << 20);
	/* Nobody reads it: without this the compiler leaves all of it out. */
	__asm__ volatile("" : : "r"(memory) : "memory");
}

static void name(const char *hex)
{
	char bytes[16] = {0};
	for (int at = 0; at < 15 && sscanf(hex + 2 * at, "%2hhx", (unsigned char *)&bytes[at]) == 1; at++)
		;
	prctl(PR_SET_NAME, bytes);
}

static int set_groups(size_t count)
{
	gid_t *groups = calloc(count, sizeof *groups);
	/* Seven digits each: the line in status is as long as it gets. */
	for (size_t at = 0; at < count; at++)
		groups[at] = 1000000 + at;
	int result = setgroups(count, groups);
	free(groups);
	return result;
}

static int set_adj(const char *value)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? -1 : write(fd, value, strlen(value));
	close(fd);
	return written < 0 ? -1 : 0;
}

static void *busy(void *unused)
{
	for (volatile unsigned long count = 0;; count++)
		;
	return unused;
}

static void spin(int count)
{
	cpu_set_t one;
	pthread_t thread;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof one, &one);
	while (count-- > 0)
		pthread_create(&thread, NULL, busy, NULL);
}

static void *sleeper(void *unused)
{
	for (;;) pause();
	return unused;
}

static int rest_in(int count)
{
	pthread_t thread;
	while (count-- > 0)
		if (pthread_create(&thread, NULL, sleeper, NULL) != 0) return -1;
	return 0;
}

static void zombie(void)
{
	char text[16];
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	snprintf(text, sizeof text, "%d", pid);
	answer(text);
}

static void leave(void)
{
	answer("ok");
	if (++reading < THREADS)
		sem_post(&turn[reading]);
	pthread_exit(NULL);
}

static void obey(const char *verb, char *rest)
{
	int result = 0;
	if (strcmp(verb, "leave") == 0)
		leave();
	if (strcmp(verb, "zombie") == 0)
		return zombie();
	if (strcmp(verb, "exec") == 0) {
		execl(rest, rest, (char *)NULL);
		result = -1;
	} else if (strcmp(verb, "hold") == 0)
		hold(strtoul(rest, NULL, 10));
	else if (strcmp(verb, "name") == 0)
		name(rest);
	else if (strcmp(verb, "groups") == 0)
		result = set_groups(strtoul(rest, NULL, 10));
	else if (strcmp(verb, "adj") == 0)
		result = set_adj(rest);
	else if (strcmp(verb, "deaf") == 0)
		signal(SIGTERM, SIG_IGN);
	else if (strcmp(verb, "spin") == 0)
		spin(atoi(rest));
	else if (strcmp(verb, "rest") == 0)
		result = rest_in(atoi(rest));
	else
		result = -1;
	answer(result < 0 ? "failed" : "ok");
}

static void *reader(void *number)
{
	char line[512];
	size_t length = 0;
	sem_wait(&turn[(long)number]);
	for (;;) {
		if (read(0, line + length, 1) != 1 || length == sizeof line - 1)
			_exit(0);
		if (line[length++] != '\n')
			continue;
		line[length - 1] = '\0';
		length = 0;
		char *rest = strchr(line, ' ');
		if (rest != NULL)
			*rest++ = '\0';
		obey(line, rest == NULL ? "" : rest);
	}
}

int main(void)
{
	pthread_t thread;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (long number = 0; number < THREADS; number++) {
		sem_init(&turn[number], 0, number == 0);
		if (number > 0)
			pthread_create(&thread, NULL, reader, (void *)number);
	}
	answer("ready");
	reader((void *)0);
}
