/*
 * judge: the observer that is neither the daemon nor the kernel's own killer. It starts the workloads, samples the
 * guest, sees who dies when, and prints NDJSON at the end. Locked in memory, real-time, nothing allocated while it
 * watches, so that it still sees when nothing else runs.
 *
 *   judge seconds=60 fast=5 full=50 probe=250 until=NAME:MS run=NAME:DELAY_MS:COMMAND ...
 *
 * fast, full and probe are periods in ms: of MemAvailable and MemFree, of all counters, of the fork+exec+wait probe
 * (0 = none). until ends the watch MS after the run called NAME has died. SIGTERM ends it as well.
 */
#include "common.h"
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { FAST_MAX = 60000, FULL_MAX = 8000, PROBE_MAX = 4000, RUN_MAX = 40, TEXT_MAX = 32768 };

static const char *const VMSTAT[] = {
	"oom_kill", "allocstall", "workingset_refault_file", "workingset_activate_file", "workingset_restore_file",
	"pgscan_kswapd", "pgscan_direct", "pgsteal_kswapd", "pgsteal_direct", "pgmajfault", "pgpgin",
	"nr_free_pages", "nr_active_file", "nr_inactive_file", "nr_mapped",
};
enum { VMSTAT_N = sizeof VMSTAT / sizeof VMSTAT[0] };
static const char *const PSI[] = { "memory", "io", "cpu" };

struct fast { long long t; long available_kib, free_kib; };
struct full { long long t; long available_kib; long psi[3][2]; long vmstat[VMSTAT_N]; };
struct probes { volatile long count; struct { long long begin, end; } at[PROBE_MAX]; };
struct run { const char *name, *command; long delay_ms; pid_t pid; long long started, died; int code, signal; };

static struct fast fasts[FAST_MAX];
static struct full fulls[FULL_MAX];
static struct run runs[RUN_MAX];
static long fast_n, full_n, run_n;
static int meminfo_fd, vmstat_fd, psi_fd[3];
static char text[TEXT_MAX];
static char out_buffer[32768];

static char *slurp(int fd)
{
	ssize_t n = pread(fd, text, TEXT_MAX - 1, 0);
	text[n > 0 ? n : 0] = 0;
	return text;
}

/* vmstat and zoneinfo are longer than the page that one read of a seq_file gives. */
static char *slurp_all(int fd)
{
	ssize_t have = 0, n;
	while ((n = pread(fd, text + have, (size_t)(TEXT_MAX - 1 - have), have)) > 0) have += n;
	text[have] = 0;
	return text;
}

static long field(const char *from, const char *name)
{
	const char *p = strstr(from, name);
	return p ? strtol(p + strlen(name), NULL, 10) : -1;
}

static void sample_fast(long long t)
{
	if (fast_n >= FAST_MAX) return;
	const char *m = slurp(meminfo_fd);
	fasts[fast_n++] = (struct fast){ t, field(m, "MemAvailable:"), field(m, "MemFree:") };
}

/* One pass over vmstat. "allocstall" takes the sum of its zones; every other name must match whole. */
static void sample_full(long long t)
{
	if (full_n >= FULL_MAX) return;
	struct full *row = &fulls[full_n++];
	memset(row, 0, sizeof *row);
	row->t = t;
	row->available_kib = field(slurp(meminfo_fd), "MemAvailable:");
	for (int i = 0; i < 3; i++) {
		char *p = slurp(psi_fd[i]), *full = strstr(p, "full ");
		row->psi[i][0] = field(p, "total=");
		row->psi[i][1] = full ? field(full, "total=") : 0;
	}
	for (char *line = slurp_all(vmstat_fd); *line;) {
		char *space = strchr(line, ' '), *end = strchr(line, '\n');
		if (!space || !end) break;
		size_t n = (size_t)(space - line);
		for (int i = 0; i < VMSTAT_N; i++) {
			size_t want = strlen(VMSTAT[i]);
			int is_stall = i == 1 && n > want;
			if (strncmp(line, VMSTAT[i], want) == 0 && (n == want || is_stall))
				row->vmstat[i] += strtol(space + 1, NULL, 10);
		}
		line = end + 1;
	}
}

static void become_ordinary(void)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	if (write(fd, "0", 1) < 0) _exit(126);
	close(fd);
	dup2(2, 1); /* only the judge itself writes to stdout */
}

static void start(struct run *run)
{
	run->started = now_us();
	run->pid = fork();
	if (run->pid != 0) return;
	setpgid(0, 0);
	become_ordinary();
	execl("/bin/sh", "sh", "-c", run->command, (char *)NULL);
	_exit(127);
}

/* A process of its own, so that a fork that takes seconds does not stop the samples. */
static pid_t start_prober(struct probes *probes, long every_ms)
{
	pid_t pid = fork();
	if (pid != 0) return pid;
	become_ordinary();
	for (;;) {
		long i = probes->count;
		if (i >= PROBE_MAX) pause();
		probes->at[i].begin = now_us();
		probes->count = i + 1;
		pid_t child = fork();
		if (child == 0) { execl("/opt/vm/probe", "probe", (char *)NULL); _exit(127); }
		if (child > 0) waitpid(child, NULL, 0);
		probes->at[i].end = now_us();
		sleep_ms(every_ms);
	}
}

static void reap(void)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (long i = 0; i < run_n; i++)
			if (runs[i].pid == pid) {
				runs[i].died = now_us();
				runs[i].code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
				runs[i].signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
			}
}

static void print_zone_marks(void)
{
	int fd = open("/proc/zoneinfo", O_RDONLY);
	long min = 0, low = 0, high = 0;
	for (char *p = slurp_all(fd); (p = strstr(p, "\n        min ")) != NULL; p++) {
		min += field(p, "min"); low += field(p, "low"); high += field(p, "high");
	}
	printf("\"zone_pages\":{\"min\":%ld,\"low\":%ld,\"high\":%ld},", min, low, high);
}

static void report(struct probes *probes)
{
	setvbuf(stdout, out_buffer, _IOFBF, sizeof out_buffer);
	printf("{\"mem_total_kib\":%ld,", field(slurp(meminfo_fd), "MemTotal:"));
	print_zone_marks();
	printf("\"columns\":[\"t\",\"available_kib\"");
	for (int i = 0; i < 3; i++) printf(",\"%s_some\",\"%s_full\"", PSI[i], PSI[i]);
	for (int i = 0; i < VMSTAT_N; i++) printf(",\"%s\"", VMSTAT[i]);
	printf("]}\n");
	for (long i = 0; i < run_n; i++)
		printf("{\"run\":\"%s\",\"pid\":%d,\"started\":%lld,\"died\":%lld,\"code\":%d,\"signal\":%d}\n", runs[i].name,
		       (int)runs[i].pid, runs[i].started, runs[i].died, runs[i].code, runs[i].signal);
	for (long i = 0; i < probes->count; i++) printf("[\"p\",%lld,%lld]\n", probes->at[i].begin, probes->at[i].end);
	for (long i = 0; i < fast_n; i++)
		printf("[\"m\",%lld,%ld,%ld]\n", fasts[i].t, fasts[i].available_kib, fasts[i].free_kib);
	for (long i = 0; i < full_n; i++) {
		printf("[\"s\",%lld,%ld", fulls[i].t, fulls[i].available_kib);
		for (int k = 0; k < 6; k++) printf(",%ld", fulls[i].psi[k / 2][k % 2]);
		for (int k = 0; k < VMSTAT_N; k++) printf(",%ld", fulls[i].vmstat[k]);
		printf("]\n");
	}
	fflush(stdout);
}

static volatile sig_atomic_t stopped;
static void on_stop(int sig) { (void)sig; stopped = 1; }

int main(int argc, char **argv)
{
	long seconds = arg_number(argc, argv, "seconds", 60), fast_ms = arg_number(argc, argv, "fast", 5);
	long full_ms = arg_number(argc, argv, "full", 50), probe_ms = arg_number(argc, argv, "probe", 250);
	char until[64] = "";
	const char *until_arg = arg_text(argc, argv, "until", ""), *colon = strchr(until_arg, ':');
	if (colon) snprintf(until, sizeof until, "%.*s", (int)(colon - until_arg), until_arg);
	for (int i = 1; i < argc && run_n < RUN_MAX; i++) {
		if (strncmp(argv[i], "run=", 4) != 0) continue;
		char *name = argv[i] + 4, *delay = strchr(name, ':'), *command = delay ? strchr(delay + 1, ':') : NULL;
		if (!command) { fprintf(stderr, "judge: %s?\n", argv[i]); return 2; }
		*delay++ = 0; *command++ = 0;
		runs[run_n++] = (struct run){ .name = name, .command = command, .delay_ms = strtol(delay, NULL, 10) };
	}
	int adj = open("/proc/self/oom_score_adj", O_WRONLY);
	if (write(adj, "-1000", 5) < 0) perror("judge: oom_score_adj");
	meminfo_fd = open("/proc/meminfo", O_RDONLY);
	vmstat_fd = open("/proc/vmstat", O_RDONLY);
	for (int i = 0; i < 3; i++) {
		char path[64];
		snprintf(path, sizeof path, "/proc/pressure/%s", PSI[i]);
		psi_fd[i] = open(path, O_RDONLY);
	}
	struct probes *probes = mmap(NULL, sizeof *probes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(probes, 0, sizeof *probes);
	pid_t prober = probe_ms > 0 ? start_prober(probes, probe_ms) : 0;
	mlockall(MCL_CURRENT | MCL_FUTURE);
	struct sched_param param = { .sched_priority = 10 };
	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
	signal(SIGTERM, on_stop);
	signal(SIGINT, on_stop);

	long long begin = now_us(), end = begin + seconds * 1000000LL, next_full = 0;
	while (!stopped && now_us() < end) {
		long long t = now_us();
		for (long i = 0; i < run_n; i++) {
			if (!runs[i].pid && t - begin >= runs[i].delay_ms * 1000LL) start(&runs[i]);
			if (runs[i].died && strcmp(runs[i].name, until) == 0 && colon) {
				long long limit = runs[i].died + strtol(colon + 1, NULL, 10) * 1000LL;
				if (limit < end) end = limit;
			}
		}
		sample_fast(t);
		if (t >= next_full) { sample_full(t); next_full = t + full_ms * 1000LL; }
		reap();
		sleep_ms(fast_ms);
	}
	if (prober > 0) kill(prober, SIGKILL);
	for (long i = 0; i < run_n; i++)
		if (runs[i].pid > 0 && !runs[i].died) { kill(-runs[i].pid, SIGKILL); kill(runs[i].pid, SIGKILL); }
	report(probes);
	return 0;
}
