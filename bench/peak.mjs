// Preloaded into a measured process: says on standard error, as the last line, the most memory that it ever held.
process.on('exit', () => process.stderr.write(`peak-kb ${process.resourceUsage().maxRSS}\n`))
