#!/usr/bin/env python3
"""Prints a log whose names try to become markup, script, style or terminal commands."""

NAMES = [
    "<script>window.attacked=1</script>",
    "<img src=x onerror=window.attacked=1>",
    "</style><script>window.attacked=1</script>",
    "\"><svg onload=window.attacked=1>",
    "' onmouseover='window.attacked=1",
    "{{ 7*7 }}{% raw %}",
    "javascript:window.attacked=1",
    "&lt;b&gt; &amp; &#60;",
    "\u202egnp.exe",
    "\u2066a\u2069\u200bb\ufeff",
    "\x1b[31mred\x1b]0;title\x07",
    "tab\there",
    "x" * 4096,
    "\u202e" * 1300,
    "\u05d0\u05d1\u05d2 \u0627\u0644\u0639",
    "z" + "\u0301" * 200,
    "\u65e5\u672c\u8a9e" * 30,
]
SECONDS = 120
START = 1772409600

print("Refreshing:\n<NO TRAFFIC>\n")
for second in range(1, SECONDS):
    print("Refreshing:")
    stamp = f"<{START + second}>"
    down = [5000 - 100 * at for at in range(len(NAMES))]
    for at, name in enumerate(NAMES):
        print(f'process: {stamp} "{name}" up/down Bps: 50/{down[at]} connections: 1')
    for at, name in enumerate(NAMES):
        host = "".join(c for c in name if c not in " \t")[:250]
        print(
            f"connection: {stamp} <eth{at}>:{40000 + at} => {host}:443 (tcp) "
            f'up/down Bps: 50/{down[at]} process: "{name}"'
        )
    for at, name in enumerate(NAMES):
        host = "".join(c for c in name if c not in " \t")[:250]
        print(f"remote_address: {stamp} {host} up/down Bps: 50/{down[at]} connections: 1")
    print()
print(f"process: <{START}> \"torn")
