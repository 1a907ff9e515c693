/*
 * agent: pid 1 of the guest. It runs commands that arrive on the second serial port and sends back what they print,
 * how they ended and when. It must answer while the guest thrashes, so it is static, locked in memory, allocates
 * nothing after start, and talks over a serial line, whose driver (unlike virtio-serial) allocates nothing either.
 *
 *   host -> guest   run ID LEN\n<command for sh -c>   |   kill ID SIG\n   |   killpg ID SIG\n
 *   guest -> host   ID WHAT MONOTONIC_US LEN\n<bytes>  where WHAT is start (pid), out, err, exit ("code signal"),
 *                   notify (a datagram that reached /run/notify, the NOTIFY_SOCKET of the daemon; ID is 0)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { JOBS = 64, COMMAND_MAX = 100 * 1024, CHUNK = 4096 };

struct job { int id; pid_t pid; int fd[2]; };
static struct job jobs[JOBS];
static char inbox[COMMAND_MAX + 256];
static size_t inbox_len;
static char chunk[CHUNK];
static int tty = -1;

static long long now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static void write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(tty, p, n);
		if (w > 0) { p += w; n -= (size_t)w; }
		else if (errno != EINTR && errno != EAGAIN) return; /* nobody listens: nothing else to do */
	}
}

static void tell(int id, const char *what, const char *body, size_t len)
{
	char head[96];
	int n = snprintf(head, sizeof head, "%d %s %lld %zu\n", id, what, now_us(), len);
	write_all(head, (size_t)n);
	write_all(body, len);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) return;
	if (write(fd, text, strlen(text)) < 0) { /* an older kernel may refuse a knob; the cases look at the result */ }
	close(fd);
}

static void close_job_fd(struct job *job, int which)
{
	if (job->fd[which] >= 0) close(job->fd[which]);
	job->fd[which] = -1;
}

/* Forward what a job printed. Returns 0 at end of file or when nothing is there. */
static int drain(struct job *job, int which)
{
	if (job->fd[which] < 0) return 0;
	ssize_t n = read(job->fd[which], chunk, sizeof chunk);
	if (n > 0) { tell(job->id, which ? "err" : "out", chunk, (size_t)n); return 1; }
	if (n == 0) close_job_fd(job, which);
	return 0;
}

static void start(int id, const char *command)
{
	struct job *job = NULL;
	for (int i = 0; i < JOBS; i++) if (jobs[i].id == 0) { job = &jobs[i]; break; }
	int out[2], err[2];
	if (!job || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) { tell(id, "exit", "126 0", 5); return; }
	pid_t pid = fork();
	if (pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setsid();
		write_file("/proc/self/oom_score_adj", "0"); /* the agent's own -1000 must not leak into workloads */
		int null = open("/dev/null", O_RDONLY);
		dup2(null, 0); dup2(out[1], 1); dup2(err[1], 2);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(out[1]); close(err[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK); fcntl(err[0], F_SETFL, O_NONBLOCK);
	*job = (struct job){ .id = id, .pid = pid, .fd = { out[0], err[0] } };
	char text[32];
	int n = snprintf(text, sizeof text, "%d", (int)pid);
	tell(id, "start", text, (size_t)n);
}

static void reap(void)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < JOBS; i++) {
			struct job *job = &jobs[i];
			if (job->id == 0 || job->pid != pid) continue;
			while (drain(job, 0)) { }
			while (drain(job, 1)) { }
			close_job_fd(job, 0);
			close_job_fd(job, 1);
			char text[32];
			int n = snprintf(text, sizeof text, "%d %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
					 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
			tell(job->id, "exit", text, (size_t)n);
			job->id = 0;
		}
	}
}

static void send_signal(int id, int sig, int group)
{
	for (int i = 0; i < JOBS; i++)
		if (jobs[i].id == id) kill(group ? -jobs[i].pid : jobs[i].pid, sig);
}

/* Take whole requests out of the inbox; a partial one waits for more bytes. */
static void obey(void)
{
	for (;;) {
		char *end = memchr(inbox, '\n', inbox_len);
		if (!end) return;
		*end = 0;
		size_t used = (size_t)(end - inbox) + 1;
		int id = 0, arg = 0;
		if (sscanf(inbox, "run %d %d", &id, &arg) == 2) {
			if (inbox_len < used + (size_t)arg) { *end = '\n'; return; }
			char saved = inbox[used + (size_t)arg];
			inbox[used + (size_t)arg] = 0;
			start(id, inbox + used);
			inbox[used + (size_t)arg] = saved;
			used += (size_t)arg;
		} else if (sscanf(inbox, "killpg %d %d", &id, &arg) == 2) send_signal(id, arg, 1);
		else if (sscanf(inbox, "kill %d %d", &id, &arg) == 2) send_signal(id, arg, 0);
		memmove(inbox, inbox + used, inbox_len - used);
		inbox_len -= used;
	}
}

static void mount_all(void)
{
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("run", "/run", "tmpfs", 0, "size=64m,mode=755");
	mount("tmp", "/tmp", "tmpfs", 0, "size=64m");
	mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, "memory_recursiveprot");
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory +cpu +pids +io");
	write_file("/proc/sys/kernel/printk", "4 4 1 7");
}

static int open_notify(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/run/notify" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bind(fd, (struct sockaddr *)&addr, sizeof addr);
	chmod("/run/notify", 0777);
	return fd;
}

int main(void)
{
	mount_all();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin:/opt/vm", 1);
	setenv("HOME", "/tmp", 1);
	write_file("/proc/self/oom_score_adj", "-1000");
	setpriority(PRIO_PROCESS, 0, 0);
	tty = open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios raw;
	tcgetattr(tty, &raw);
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	tcsetattr(tty, TCSANOW, &raw);

	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	int child = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	int notify = open_notify();
	memset(inbox, 0, sizeof inbox);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	tell(0, "ready", "", 0);

	for (;;) {
		struct pollfd fds[3 + 2 * JOBS] = {
			{ .fd = tty, .events = POLLIN }, { .fd = child, .events = POLLIN }, { .fd = notify, .events = POLLIN },
		};
		for (int i = 0; i < 2 * JOBS; i++) {
			struct job *job = &jobs[i / 2];
			fds[3 + i] = (struct pollfd){ .fd = job->id ? job->fd[i % 2] : -1, .events = POLLIN };
		}
		if (poll(fds, 3 + 2 * JOBS, -1) < 0) continue;
		if (fds[0].revents & POLLIN) {
			ssize_t n = read(tty, inbox + inbox_len, sizeof inbox - 1 - inbox_len);
			if (n > 0) { inbox_len += (size_t)n; obey(); }
		}
		if (fds[2].revents & POLLIN) {
			ssize_t n = recv(notify, chunk, sizeof chunk, 0);
			if (n > 0) tell(0, "notify", chunk, (size_t)n);
		}
		for (int i = 0; i < 2 * JOBS; i++)
			if (fds[3 + i].revents) drain(&jobs[i / 2], i % 2);
		if (fds[1].revents & POLLIN) {
			struct signalfd_siginfo info;
			if (read(child, &info, sizeof info) > 0) reap();
		}
	}
}
