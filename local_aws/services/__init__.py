"""One module (or package) for each AWS service that is owned here; everything else is moto's."""
