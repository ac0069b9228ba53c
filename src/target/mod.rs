//! Where versions run. [`Target`] is the one seam through which anything is deployed.
