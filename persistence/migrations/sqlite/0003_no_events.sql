-- All of it is in `record` since the change before this one.
drop table event;
