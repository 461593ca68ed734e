"""Reads one MT940 file again and again with the python library mt-940.

Set-up: pip install mt-940
Run:    BIENLAI_BENCH_FILES=/tmp cargo bench --bench pure   (writes /tmp/statement.sta)
        python3 benches/peers/mt940_python.py /tmp/statement.sta [SECONDS]
Prints entries per CPU-second of one thread.
"""

import sys
import time

import mt940


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        text = file.read()
    span = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0
    entries = len(mt940.parse(text))
    started, rounds = time.process_time(), 0
    while time.process_time() - started < span:
        mt940.parse(text)
        rounds += 1
    took = time.process_time() - started
    print(f"mt-940 {mt940.__version__}: {entries} entries, {entries * rounds / took:,.0f} entries/s")
    print(f"per second {entries * rounds / took:.2f}")


if __name__ == "__main__":
    main()
