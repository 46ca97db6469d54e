"""Many processes, here or on other machines: Dask's scheduler and workers, and what they must agree on."""
