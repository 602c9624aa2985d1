// One service of the simulated homelab: answers, and says so in Prometheus' words at /metrics.
import { createServer } from "node:http";

const [name, port] = process.argv.slice(2);
const startedAt = Date.now();

createServer((request, response) => {
  if (request.url !== "/metrics") return response.end(`${name} is here\n`);
  const up = Math.round((Date.now() - startedAt) / 1000);
  response.setHeader("content-type", "text/plain; version=0.0.4");
  response.end(`service_up{name="${name}"} 1\nservice_uptime_seconds{name="${name}"} ${up}\n`);
}).listen(Number(port), "127.0.0.1");
