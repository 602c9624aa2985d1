import { createServer } from "node:http";

/** What a webhook's receiver does at the least: it reads the body to its end and says 200. */
createServer((request, answer) => {
  request.resume();
  request.once("end", () => answer.end());
}).listen(Number(process.argv[2]), "127.0.0.1");
