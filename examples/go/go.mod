module vodup.example

go 1.19
