"""The record as files for people and programs: CSV, XLSX, NDJSON and Parquet, row by row."""
