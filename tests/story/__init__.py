"""Stories: real processes, driven as people drive them."""
