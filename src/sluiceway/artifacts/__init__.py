"""One frozen dataclass per hand-over between stages. A content id covers what was made, never how long it took."""
