# The gateway as an image, for amd64 and arm64: docs/docker.md.
#   docker build -t headgate .
#   docker buildx build --platform linux/amd64,linux/arm64 -t registry.example/headgate --push .

# Runs on the machine that builds, whatever the target: the program is JavaScript, and of native modules the target's are fetched.
FROM --platform=$BUILDPLATFORM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json tsconfig.json build.ts ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src src
RUN node build.ts

WORKDIR /image/opt/headgate
RUN cp -r /build/package.json /build/package-lock.json /build/dist ./
ARG TARGETARCH
RUN case "$TARGETARCH" in \
      amd64) cpu=x64 ;; \
      arm64) cpu=arm64 ;; \
      *) echo "no image for $TARGETARCH: there are amd64 and arm64" >&2; exit 1 ;; \
    esac \
 && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --os=linux "--cpu=$cpu" --libc=glibc \
 && find node_modules -path '*/prebuilds/*' -name '*.node' ! -path "*/linux-$cpu/*.glibc.node" -delete \
 && find node_modules \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) -delete \
 && mkdir -p /image/usr/local/bin \
 && ln -s /opt/headgate/dist/main.js /image/usr/local/bin/headgate \
 && install -d -m 0700 /image/state/headgate

WORKDIR /image/etc/headgate
COPY headgate.yaml ./
COPY devices devices
COPY rules rules
RUN sed -i 's|^data: [^ ]*|data: /var/lib/headgate|' headgate.yaml

# Nothing is run from here on, so nothing of the target is emulated.
FROM node:24-slim
COPY --from=build /image/opt/ /opt/
COPY --from=build /image/usr/local/bin/ /usr/local/bin/
COPY --from=build /image/etc/ /etc/
# The user node of the base image.
COPY --from=build --chown=1000:1000 /image/state/ /var/lib/
ENV NODE_ENV=production UV_THREADPOOL_SIZE=8 HEADGATE_CONFIG=/etc/headgate/headgate.yaml
USER 1000:1000
WORKDIR /var/lib/headgate
VOLUME /var/lib/headgate
EXPOSE 1883
STOPSIGNAL SIGTERM
# Asks the gateway itself. After a crash it may run minutes of the journal again before it answers.
HEALTHCHECK --interval=30s --timeout=20s --start-period=10m CMD ["headgate", "status"]
ENTRYPOINT ["headgate"]
CMD ["run"]
