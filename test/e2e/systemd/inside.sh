# Runs in the guest as the last unit of its boot and writes to the console; each part begins with "=== name".
exec 2>&1
part() { echo "=== $1"; }
service() { systemctl show -p "$1" --value oomwatchd; }
# Of the daemon that was started last.
journal() { journalctl -o cat --no-pager "_SYSTEMD_INVOCATION_ID=$(service InvocationID)"; }
# An emulated CPU is some twenty times slower: wait for a word in the log, not for a time.
wait_for() {
  for _ in $(seq 240); do
    journal | grep -q -- "$1" && return
    sleep 0.5
  done
  echo "not within two minutes: $1"
}
# Until the service manager has started it once more, and it is ready.
restarted() {
  for _ in $(seq 120); do
    [ "$(service NRestarts)" != 0 ] && systemctl is-active -q oomwatchd && return
    sleep 1
  done
}
# Each line of a file of the documents, in the clone as its reader would type it; said is the end of what it says.
documented() {
  while IFS= read -r command; do
    echo "\$ $command"
    case $command in
      # It wants a terminal, and an editor: this one writes what the page shows.
      'systemctl edit '*) SYSTEMD_EDITOR='cp /documented/network.conf' script -qec "$command" /tmp/said > /dev/null ;;
      *) (cd /clone && bash -c "$command") > /tmp/said 2>&1 ;;
    esac < /dev/null
    code=$?
    tail -n 40 /tmp/said
    echo "-> $code"
  done < "/documented/$1"
}
findings() { journal | grep '"event":"finding"' | grep -oE '"finding":\{"name":"[^"]*","status":"[^"]*"' | cut -d'"' -f6 | sort; }
watchdog_told() { journal | jq -rR 'fromjson? | select(.event == "watchdog_device").msg'; }
# Of an address: the status of the answer, 000 without one.
ask() { curl -s -m 10 -o /dev/null -w '%{http_code}\n' "$@"; }
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
findings

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

part running
documented running
part remedied
systemd-run -q --unit=sleeper sleep infinity
documented remedied
part remedied_state
systemctl is-active sleeper

part restart
kill -KILL "$(service MainPID)"
restarted
echo "after SIGKILL: $(service NRestarts)"

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
rm -r /etc/oomwatchd/config.yaml.d

part removed
documented removed

# On a fresh machine, but for a configuration that wants what the unit withholds without its drop-ins.
modprobe -a softdog fuse
systemctl start sys-fs-fuse-connections.mount
install -D -m 644 /documented/drop_ins.yaml /etc/oomwatchd/config.yaml.d/10-drop_ins.yaml
part installed
documented installed
part installed_state
systemctl is-enabled oomwatchd
systemctl is-active oomwatchd
# For a hang that is found soon; in force with the next start.
mkdir -p /run/systemd/system/oomwatchd.service.d
printf '[Service]\nWatchdogSec=8s\n' > /run/systemd/system/oomwatchd.service.d/hang.conf
part withheld
wait_for report_listening
findings
watchdog_told
part drop_ins
documented drop_ins
part drop_ins_state
wait_for report_listening
findings
watchdog_told
systemctl show -p TasksMax oomwatchd
stat -c '%U %F' /run/oomwatchd/http.sock
for _ in $(seq 60); do
  grep -m 1 -o '^oomwatchd_build_info' /var/lib/prometheus/node-exporter/oomwatchd.prom && break
  sleep 1
done

# In the sandbox, with its drop-ins: a limit is raised, and the kernel takes whom it is steered to.
# holds MIB: input for a tail that keeps so much, and goes on.
holds() { head -c "$1"M /dev/zero; sleep infinity; }
part limit
mkdir /sys/fs/cgroup/slow
echo 20M > /sys/fs/cgroup/slow/memory.high
holds 60 | (echo $BASHPID > /sys/fs/cgroup/slow/cgroup.procs; exec tail) &
wait_for '"stage":"effect"'
journal | jq -rR 'fromjson? | select(.event == "remedy") | [.remedy, .stage, .result] | join(" ")'
echo "memory.high=$(cat /sys/fs/cgroup/slow/memory.high)"
part pressed
install -o leaker /usr/bin/tail /srv/leaker/keep
all_adj() { grep -s . /proc/[0-9]*/oom_score_adj | sort; }
holds 250 | systemd-run -q --pipe -p User=leaker --unit=keep /srv/leaker/keep > /dev/null &
holds 150 | systemd-run -q --pipe -p User=leaker --unit=taken /srv/leaker/leak > /dev/null &
for unit in keep taken; do
  until [ "$(systemctl show -p MemoryCurrent --value $unit)" -gt 150000000 ] 2> /dev/null; do sleep 0.5; done
done
all_adj > /tmp/before
oomwatchd kill-now --sysrq-f --reason 'under systemd'
wait_for '"event":"restored"'
all_adj > /tmp/after
journal | jq -rR 'fromjson? | select(.event == "restored") | "restored \(.restored) failed \(.failed | length)"'
dmesg | grep -o 'Out of memory: Killed process [0-9]* ([a-z]*)'
echo "changed=$(join -t : /tmp/before /tmp/after | awk -F : '$2 != $3' | wc -l)"
echo "keep=$(systemctl is-active keep)"
systemctl stop keep
kill $(jobs -p)

# The loopback device has an address of the documents' network: for the unit's filter that is elsewhere.
part exposed
busybox ip addr add 192.0.2.7/32 dev lo
documented exposed
rm /etc/oomwatchd/config.yaml.d/*
cp /documented/access.yaml /etc/oomwatchd/config.yaml.d/
systemctl reload oomwatchd
wait_for 'metrics and health on 0.0.0.0:'
part refused
ask http://127.0.0.1:9854/healthz
ask http://192.0.2.7:9854/healthz
part hang
while [ "$(($(cut -d. -f1 /proc/uptime) - $(service ActiveEnterTimestampMonotonic) / 1000000))" -lt 20 ]; do sleep 1; done
echo "fed: $(service NRestarts)"
kill -STOP "$(service MainPID)"
restarted
echo "hung: $(service NRestarts)"
rm -r /run/systemd/system/oomwatchd.service.d && systemctl daemon-reload

part upgraded
documented upgraded
part admitted
wait_for 'metrics and health on 0.0.0.0:'
ask http://192.0.2.7:9854/healthz
ask http://192.0.2.7:9854/metrics
ask -H "Authorization: Bearer $(cat /etc/oomwatchd/token)" http://192.0.2.7:9854/metrics

part removed_again
documented removed
part removed_left
find / -xdev \( -path /clone -o -path /documented -o -path /proc \) -prune -o -name '*oomwatchd*' -print
systemctl show -p LoadState oomwatchd
part end
poweroff -f
