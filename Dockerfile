FROM node:20-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Without the scripts of all packages: the one that needs compiling or fetching is named.
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20-bookworm-slim
WORKDIR /app
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json ./
COPY migrations migrations
COPY runbooks runbooks
COPY fonts fonts
RUN mkdir /data && chown node:node /data
USER node
ENV NODE_ENV=production DATABASE_URL=sqlite:/data/countersign.db RUNBOOKS_DIR=/app/runbooks
VOLUME /data
HEALTHCHECK --interval=30s --timeout=10s CMD ["node", "dist/main.js", "health"]
ENTRYPOINT ["node", "--enable-source-maps", "--max-semi-space-size=4", "dist/main.js"]
CMD ["serve"]
