"""Set-aside columns: what a table of rows that a stream set aside tells besides the rows themselves."""

PARTITION = "_partition"
OFFSET = "_offset"
AT = "_aside"  # wall time in microseconds; missing where nobody knows
