"""Everything that a deal file must be able to say, one small deal each, with cents that can be checked by hand."""
