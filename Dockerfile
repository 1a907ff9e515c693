# oomwatchd as a container. Where the host has systemd, its unit protects better: Docker has no option for memory.min,
# nor one that keeps a heap out of swap without limiting its memory.
#
#   docker build -t oomwatchd .
#   docker run -d --name oomwatchd --restart=always \
#     --pid=host --cgroupns=host --userns=host --network=host \
#     --cap-drop=ALL --cap-add=KILL --cap-add=SYS_PTRACE --cap-add=DAC_READ_SEARCH --cap-add=SYS_RESOURCE \
#     --cap-add=SETUID --cap-add=SETGID --cap-add=SYSLOG \
#     --security-opt=no-new-privileges --security-opt=apparmor=unconfined --security-opt=label=disable \
#     --oom-score-adj=-1000 --ulimit=memlock=-1 --ulimit=nofile=65536 \
#     --read-only --tmpfs=/run/oomwatchd:mode=0755 --device=/dev/kmsg -v /etc/oomwatchd:/etc/oomwatchd:ro \
#     -v oomwatchd-incidents:/var/lib/oomwatchd/incidents \
#     oomwatchd
#
# --pid=host           the processes of the host, and /proc/1/root by which executables are told from namesakes
# --cgroupns=host      the names of the host's units; in a namespace of its own every path begins with /../..
# --userns=host        capabilities that count on the host, where the engine remaps users
# --network=host       metrics on the host's 127.0.0.1:9854 (or --network=none and a unix socket on a volume)
# --cap-add            as in systemd/oomwatchd.service, which has the reason of each
# apparmor, label      the default profiles of AppArmor and SELinux forbid signals to processes outside of the container
# --device=/dev/kmsg   kills are told to the kernel log, and those of the kernel read from it
# --read-only          nothing else is written; the configuration comes from the host
# -v ...incidents      incident reports outlive the container; a new volume takes owner and rights from the image
# --network=host       also what commands and webhooks of report.notices use; their programs must be in the image or on a volume
# --tmpfs              the socket of `docker exec oomwatchd node dist/main.js kill-now`
#
# `docker run ... oomwatchd doctor` tells what is missing.

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No package of this program needs an install script: koffi comes prebuilt.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
# The user that the report process becomes, and the one directory that it writes to.
RUN useradd --system --no-create-home --shell /usr/sbin/nologin oomwatchd && \
    install -d -m 0750 -o oomwatchd -g oomwatchd /var/lib/oomwatchd/incidents
WORKDIR /usr/lib/oomwatchd
COPY --from=dependencies /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY package.json LICENSE ./
COPY config ./config
# In force until a volume covers it: every default commented out, which means to observe.
COPY config/oomwatchd.yaml /etc/oomwatchd/config.yaml
# No HEALTHCHECK: it would start a process each time, also in the middle of a shortage. Scrape /healthz instead.
# As in systemd/oomwatchd.service, which has the reasons.
ENV UV_THREADPOOL_SIZE=12
ENTRYPOINT ["node", "--v8-pool-size=0", "--optimize-for-size", "--predictable", "--no-lazy", "--no-sparkplug", "--no-opt", "/usr/lib/oomwatchd/dist/main.js"]
CMD ["run"]
