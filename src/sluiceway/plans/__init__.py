"""Declarations compiled, purely: SQL, digests of tables, packed values, request closures. Shared by the stages."""
