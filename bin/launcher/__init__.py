"""What bin/run, bin/test and bin/gridcity do, with nothing but Python's standard library."""
