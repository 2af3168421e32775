module anyvcr.test/go

go 1.24

require (
	go.yaml.in/yaml/v4 v4.0.0-rc.3
	gopkg.in/dnaeon/go-vcr.v4 v4.0.6
)
