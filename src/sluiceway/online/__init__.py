"""What the online store is read and kept fresh by: shared by stage 4, serving and rehearsals."""
