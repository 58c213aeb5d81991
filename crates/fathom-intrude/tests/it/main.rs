//! Tests of how an intruder would walk.

mod estate;
mod rules;
mod specifications;
mod weak;
