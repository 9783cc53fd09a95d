module weixinsim

go 1.19
