"""The pages: each view reads a query, hands plain rows to its template, and writes only through actions."""
