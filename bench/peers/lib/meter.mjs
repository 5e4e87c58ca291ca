// What processes cost, read from /proc: the same for every engine, and none of them has to measure
// itself.
import fs from 'node:fs';

function processes() {
  const all = new Map();
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = fs.readFileSync(`/proc/${name}/stat`, 'latin1');
      const f = text.slice(text.lastIndexOf(')') + 2).split(' '); // the name may hold blanks
      all.set(Number(name), { parent: Number(f[1]), own: Number(f[11]) + Number(f[12]), reaped: Number(f[13]) + Number(f[14]) });
    } catch {
      // ended meanwhile
    }
  }
  return all;
}

function tree(root, all) {
  const found = new Set([root]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const [pid, p] of all) if (found.has(p.parent)) found.add(pid);
  }
  return [...found].filter((pid) => all.has(pid));
}

function number_of(file, pattern) {
  try {
    return Number(pattern.exec(fs.readFileSync(file, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0; // ended, or another user's
  }
}

// CPU seconds and resident memory of processes with all their children,
// those that have ended included. Times have a grain of 10 ms.
export function usage(roots) {
  const all = processes();
  const sum = { cpu_s: 0, rss_mib: 0 };
  for (const root of roots)
    for (const pid of tree(root, all)) {
      const p = all.get(pid);
      sum.cpu_s += (p.own + p.reaped) / 100;
      sum.rss_mib += number_of(`/proc/${pid}/status`, /^RssAnon:\s+(\d+)/m) / 1024;
    }
  return sum;
}

export function machine() {
  const read = (file) => fs.readFileSync(file, 'utf8');
  const cpus = [...read('/proc/cpuinfo').matchAll(/^model name\s*: (.*)$/gm)].map((m) => m[1]);
  return {
    at: new Date().toISOString(),
    processor: cpus[0] ?? process.arch,
    processors: cpus.length,
    memory_mib: Math.round(Number(/MemTotal:\s+(\d+)/.exec(read('/proc/meminfo'))[1]) / 1024),
    kernel: read('/proc/sys/kernel/osrelease').trim(),
    load_before: Number(read('/proc/loadavg').split(' ')[0]),
    node: process.version,
  };
}
