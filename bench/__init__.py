"""Rust against C in one boot."""
