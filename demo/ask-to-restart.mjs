// What the demo's runbook runs: asks the homelab's supervisor to start one service again.
const [supervisor, name] = process.argv.slice(2);
const answer = await fetch(`${supervisor}/restart/${encodeURIComponent(name)}`, { method: "POST" });
process.stdout.write(await answer.text());
process.exitCode = answer.ok ? 0 : 1;
