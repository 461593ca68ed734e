"""Joins lines with movements by account, code and amount in DuckDB, nothing else done.

Set-up: pip install duckdb
Run:    BIENLAI_BENCH_FILES=/tmp cargo bench --bench pure   (writes /tmp/lines.csv, /tmp/movements.csv)
        python3 benches/peers/duckdb_join.py /tmp [ROUNDS]
Prints the median time of one join, tables in memory, on as many threads as there are cores and on one.
"""

import statistics
import sys
import time

import duckdb

JOIN = """
SELECT count(*), sum(l.no + m.no)
FROM lines l JOIN movements m USING (account, code, amount)
"""


def main():
    folder = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    connection = duckdb.connect()
    for table in ("lines", "movements"):
        connection.execute(
            f"CREATE TABLE {table} AS SELECT row_number() OVER () AS no, * "
            f"FROM read_csv('{folder}/{table}.csv', types={{'code': 'VARCHAR'}})"
        )
    fastest = None
    for threads in ("all", 1):
        if threads == 1:
            connection.execute("SET threads = 1")
        took, pairs = [], 0
        for _ in range(rounds):
            started = time.perf_counter()
            pairs, _ = connection.execute(JOIN).fetchone()
            took.append(time.perf_counter() - started)
        median = statistics.median(took) * 1000
        print(f"duckdb {duckdb.__version__}, threads {threads}: {pairs:,} pairs, {median:,.1f} ms")
        fastest = median if fastest is None else min(fastest, median)
    print(f"per second {1000 / fastest:.2f}")


if __name__ == "__main__":
    main()
