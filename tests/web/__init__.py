"""Tests of pages and the API."""
