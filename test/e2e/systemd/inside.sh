# Runs in the guest as the last unit of its boot and writes to the console; each part begins with "=== name".
exec 2>&1
part() { echo "=== $1"; }
service() { systemctl show -p "$1" --value oomwatchd; }
# An emulated CPU is some twenty times slower: wait for a word in the log, not for a time.
wait_for() {
  for _ in $(seq 240); do
    journalctl -u oomwatchd -o cat --no-pager | grep -q -- "$1" && return
    sleep 0.5
  done
  echo "not within two minutes: $1"
}
control_status() { grep -E "^$1:" "/proc/$(service MainPID)/status" | cut -f2-; }

until systemctl is-active -q oomwatchd || [ "$(service ActiveState)" = failed ]; do sleep 1; done
wait_for report_listening
reporter=$(pgrep -x oomwatchd-repor)

part status
systemctl show -p ActiveState -p StatusText -p NRestarts oomwatchd
part control
for name in CapEff NoNewPrivs Seccomp VmLck VmRSS; do echo "$name=$(control_status "$name" | tr -d '\t ')"; done
echo "oom_score_adj=$(cat "/proc/$(service MainPID)/oom_score_adj")"
echo "cgroup=$(cat "/proc/$(service MainPID)/cgroup")"
for name in memory.min memory.swap.max cpu.weight pids.max; do echo "$name=$(cat "/sys/fs/cgroup/oomwatchd.service/$name")"; done
part reporter
echo "user=$(stat -c %U "/proc/$reporter")"
echo "groups=$(grep ^Groups: "/proc/$reporter/status" | cut -f2- | tr -d ' ')"
echo "CapEff=$(grep ^CapEff: "/proc/$reporter/status" | cut -f2-)"
echo "oom_score_adj=$(cat "/proc/$reporter/oom_score_adj")"
part descriptors
ls -l "/proc/$(service MainPID)/fd" | grep -oE '/dev/kmsg|/proc/pressure/memory$' | sort | uniq -c | sed 's/^ *//'
part findings
journalctl -u oomwatchd -o cat --no-pager | grep '"event":"finding"' | grep -oE '"finding":\{"name":"[^"]*","status":"[^"]*"' | cut -d'"' -f6 | sort

part reload
echo 'mode: kill' > /etc/oomwatchd/config.yaml
systemctl reload oomwatchd
wait_for policy_rejected
echo "broken: $(service ActiveState) $(service StatusText)"
printf 'mode: enforce\nselect: { only: [{ exe: /srv/leaker/leak }] }\n' > /etc/oomwatchd/config.yaml
systemctl reload oomwatchd
wait_for policy_loaded
echo "good: $(service ActiveState) $(service StatusText)"

part kill
# In a directory that nobody else may enter: only who may look into it can tell the program from a namesake.
useradd -d /srv/leaker leaker
install -d -m 0700 -o leaker /srv/leaker
install -o leaker /usr/bin/tail /srv/leaker/leak
systemd-run --wait -p User=leaker --unit=leak /srv/leaker/leak /dev/zero 2>&1 | grep -o 'code=.*'
wait_for episode_ended
journalctl -u oomwatchd -o cat --no-pager | sed -n '/"event":"episode_started"/,$p' | grep -E '"event":"(ranked|signal|verify)"'
part kernel_log
dmesg | grep 'oomwatchd: sent'
part incident
journalctl -u oomwatchd -o cat --no-pager | sed -n '/policy_loaded/,$p'

part socket
mkdir -p /etc/oomwatchd/config.yaml.d
printf 'report:\n  listen: "unix:/run/oomwatchd/http.sock"\n' > /etc/oomwatchd/config.yaml.d/10-socket.yaml
systemctl reload oomwatchd
wait_for 'metrics and health on unix:'
stat -c '%U %F' /run/oomwatchd/http.sock

part restart
kill -KILL "$(service MainPID)"
sleep 5
until systemctl is-active -q oomwatchd; do sleep 1; done
echo "after SIGKILL: $(service NRestarts)"
mkdir -p /run/systemd/system/oomwatchd.service.d
printf '[Service]\nWatchdogSec=8s\n' > /run/systemd/system/oomwatchd.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart oomwatchd
echo "fed: $(sleep 20; service NRestarts)"
kill -STOP "$(service MainPID)"
sleep 15
until systemctl is-active -q oomwatchd; do sleep 1; done
echo "hung: $(service NRestarts)"

part stop
systemctl stop oomwatchd
systemctl show -p Result -p ExecMainStatus oomwatchd
echo "left: $(pgrep -c oomwatchd)"
part broken_start
echo 'mode: kill' > /etc/oomwatchd/config.yaml
systemctl start oomwatchd 2> /dev/null
sleep 4
echo "$(service ActiveState) $(service ExecMainStatus) $(service NRestarts)"
journalctl -u oomwatchd -o cat --no-pager | grep -o 'config.yaml:1:7 mode: .*' | tail -1
part doctor
echo 'mode: observe' > /etc/oomwatchd/config.yaml
oomwatchd doctor
echo "exit $?"
part end
poweroff -f
