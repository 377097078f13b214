"""The bench's numbers as a table, as JSON and as a drawing."""

import json
import os
import platform
import statistics
import subprocess
import time
from xml.sax.saxutils import escape


def machine():
    """The description that numbers need to mean something."""
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), platform.machine())
    memory = int(open("/proc/meminfo").readline().split()[1]) // 1024
    dovecot = subprocess.run(["/usr/sbin/dovecot", "--version"], capture_output=True,
                             text=True).stdout.strip()
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_mb": memory, "kernel": platform.release(),
            "dovecot": dovecot, "load_at_start": os.getloadavg()[0],
            "time": time.strftime("%Y-%m-%d %H:%M", time.gmtime())}


def spread(values):
    """Median and the middle half of the values."""
    if len(values) < 2:
        return {"median": values[0], "low": values[0], "high": values[0]}
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": statistics.median(values), "low": low, "high": high}


def summarize(group, case, seconds, base):
    """seconds: by target, one figure a round, the same round at the same place. The
    ratios are of neighbours in time."""
    rows = []
    for target, values in seconds.items():
        ratios = [value / other for value, other in zip(values, seconds[base])]
        rows.append({"group": group, "case": case, "target": target, "rounds": len(values),
                     "milliseconds": {k: v * 1000 for k, v in spread(values).items()},
                     "ratio": spread(ratios), "base": base})
    return rows


def table(rows, memory, where):
    lines = [f"{where['cpu']}, {where['cores']} cores, {where['memory_mb']} MB, Linux "
             f"{where['kernel']}, Dovecot {where['dovecot']}",
             f"{where['time']} UTC, load at the start {where['load_at_start']:.2f}, mail on "
             f"{where['store']}",
             "Median (middle half) of milliseconds for a message or command, and of the ratio "
             "to the base in the same round.", ""]
    group = None
    for row in rows:
        if row["group"] != group:
            group = row["group"]
            lines += ["", f"{group}; base: {row['base']}",
                      f"  {'':34} {'':20} {'ms':>9} {'(middle half)':>20} {'ratio':>8} "
                      f"{'(middle half)':>16} {'n':>4}"]
        ms, ratio = row["milliseconds"], row["ratio"]
        lines.append(f"  {row['case']:34} {row['target']:20} {ms['median']:9.2f} "
                     f"{ms['low']:9.2f} -{ms['high']:9.2f} {ratio['median']:8.3f} "
                     f"{ratio['low']:7.3f} -{ratio['high']:7.3f} {row['rounds']:4}")
    lines += ["", "Memory, kB: largest resident set of one process (VmHWM) and its "
              "proportional share (PSS) after all of this"]
    lines += [f"  {target:20} {name:15} {peak:9} {share:9}"
              for target, processes in memory.items()
              for name, (peak, share) in processes.items()]
    return "\n".join(lines) + "\n"


COLOURS = ("#8a8a8a", "#2b6cb0", "#2f855a", "#b7791f", "#9b2c2c", "#6b46c1", "#285e61")


def drawing(rows, title):
    """Ratios of the first group's cases as bars, with the middle half as a line."""
    group = rows[0]["group"]
    rows = [row for row in rows if row["group"] == group and row["target"] != row["base"]]
    targets = list(dict.fromkeys(row["target"] for row in rows))
    left, width, height = 230, 420, 14
    top = 40 + 18 * len(targets)
    limit = max(1.5, min(4, max((row["ratio"]["high"] for row in rows), default=1)))
    scale = width / limit
    parts, y, case = [], top, None
    for row in rows:
        if row["case"] != case:
            case = row["case"]
            y += 8
            parts.append(f'<text x="{left - 8}" y="{y + 11}" text-anchor="end">'
                         f"{escape(case)}</text>")
        colour = COLOURS[1 + targets.index(row["target"]) % (len(COLOURS) - 1)]
        at = {k: min(v, limit) * scale for k, v in row["ratio"].items()}
        parts.append(f'<rect x="{left}" y="{y}" width="{at["median"]:.1f}" height="{height - 3}" '
                     f'fill="{colour}"/><path d="M{left + at["low"]:.1f} {y + 5}H'
                     f'{left + at["high"]:.1f}" stroke="#000"/><text x="'
                     f'{left + max(at["median"], at["high"]) + 5:.1f}" y="{y + 10}">'
                     f'{row["ratio"]["median"]:.2f}</text>')
        y += height
    legend = "".join(
        f'<rect x="{left}" y="{34 + 18 * i}" width="12" height="12" fill="'
        f'{COLOURS[1 + i % (len(COLOURS) - 1)]}"/><text x="{left + 18}" y="{44 + 18 * i}">'
        f"{escape(target)}</text>" for i, target in enumerate(targets))
    one = left + scale
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {y + 20}" '
            f'font-family="sans-serif" font-size="11"><rect width="720" height="{y + 20}" '
            f'fill="#fff"/><text x="8" y="20" font-size="14">{escape(title)}</text>{legend}'
            f'{"".join(parts)}<path d="M{one:.1f} {top}V{y}" stroke="#000" '
            f'stroke-dasharray="3 3"/></svg>\n')


def write(directory, rows, memory, where):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "bench.txt").write_text(table(rows, memory, where))
    (directory / "bench.json").write_text(json.dumps(
        {"machine": where, "rows": rows, "memory_kb": memory}, indent=1) + "\n")
    if rows:
        (directory / "bench.svg").write_text(
            drawing(rows, "Time of a delivery as a ratio to stock Dovecot"))
