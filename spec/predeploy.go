package spec

import (
	"time"

	"slipway"
)

var preDeployKeys = object[slipway.PreDeploy]{
	"command": func(p *slipway.PreDeploy, v value) { p.Command = v.command() },
	"timeout": func(p *slipway.PreDeploy, v value) { p.Timeout = v.duration(time.Second, 12*time.Hour) },

	"point_of_no_return": func(p *slipway.PreDeploy, v value) { p.PointOfNoReturn = v.boolean() },
}

func (v value) preDeploy() *slipway.PreDeploy {
	p := slipway.PreDeploy{Timeout: slipway.DefaultPreDeployTimeout}
	preDeployKeys.decode(v, &p, "{command: [migrate]}", nil).need([2]string{"command", "[migrate]"})
	return &p
}
