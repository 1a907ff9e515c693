/*
 * rss: what memory the process pid=N still has, looked at every=MS and printed when it changes, "us anon_kib shmem_kib
 * state": the memory as any of its threads shows it that has an address space, the state of the leader. Locked in
 * memory. Its last line is "us 0 0 -", when the process is gone.
 */
#include "common.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>

static char text[8192];

static const char *field(const char *name)
{
	const char *p = strstr(text, name);
	return p ? p + strlen(name) : NULL;
}

static int slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0) close(fd);
	text[n > 0 ? n : 0] = 0;
	return n > 0;
}

int main(int argc, char **argv)
{
	long pid = arg_number(argc, argv, "pid", 0), every = arg_number(argc, argv, "every", 10);
	long anon = -1, shmem = -1;
	char tasks[64], path[128], state = 0;
	snprintf(tasks, sizeof tasks, "/proc/%ld/task", pid);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	for (;; sleep_ms(every)) {
		long now_anon = 0, now_shmem = 0;
		char now_state = '-';
		DIR *dir = opendir(tasks);
		for (struct dirent *entry; dir && (entry = readdir(dir));) {
			snprintf(path, sizeof path, "%s/%.20s/status", tasks, entry->d_name);
			if (entry->d_name[0] == '.' || !slurp(path)) continue;
			if (strtol(entry->d_name, NULL, 10) == pid) now_state = *field("State:\t");
			if (!field("RssAnon:")) continue;
			now_anon = strtol(field("RssAnon:"), NULL, 10);
			now_shmem = strtol(field("RssShmem:"), NULL, 10);
		}
		if (dir) closedir(dir);
		if (now_anon != anon || now_shmem != shmem || now_state != state) {
			printf("%lld %ld %ld %c\n", now_us(), now_anon, now_shmem, now_state);
			fflush(stdout);
		}
		anon = now_anon; shmem = now_shmem; state = now_state;
		if (state == '-') return 0;
	}
}
