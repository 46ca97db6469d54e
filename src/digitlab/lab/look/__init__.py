"""Looking into the networks of a lab: the numbers of `digitlab.inside` in the shapes of `digitlab.lab.look.records`."""
