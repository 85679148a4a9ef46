FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json tsconfig.json build.ts ./
RUN npm ci --ignore-scripts
COPY src src
RUN node build.ts && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
WORKDIR /opt/headgate
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY devices devices
COPY rules rules
ENV NODE_ENV=production UV_THREADPOOL_SIZE=8
VOLUME /data
WORKDIR /data
USER node
ENTRYPOINT ["/opt/headgate/dist/main.js"]
CMD ["run"]
