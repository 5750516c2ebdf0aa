"""Components from inventories: read → check row by row → stage → compare with the city → load.

opening.py   any file as rows with places in STORE: as source.py, workbooks, OpenStreetMap, refused rows
mapping.py   which column says what, what a city's own words mean; tags.py the same for OpenStreetMap's tags
rows.py      one row → a component as it would be stored, or all that is wrong with it; cells.py its cell
             shapes.py its place and outline
staging.py   checked rows by COPY into a table of their own, batch by batch, so that a broken run goes on
load.py      faults that the whole file and the city show, what is new, changed, gone, and the load itself
reasons.py   refused rows as a CSV that can be mended and fed again
"""
